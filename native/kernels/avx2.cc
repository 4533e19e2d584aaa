#define FOVEA_TABLE kernelsAvx2
#define FOVEA_ISA "AVX2"
#include "body.inc"
