#define FOVEA_TABLE kernelsAvx2
#define FOVEA_ISA "AVX2"
#define FOVEA_WIDTH 8
#include "body.inc"
