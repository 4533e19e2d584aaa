#define FOVEA_TABLE kernelsAvx512
#define FOVEA_ISA "AVX-512"
#define FOVEA_WIDTH 16
#include "body.inc"
