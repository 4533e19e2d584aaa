#define FOVEA_TABLE kernelsAvx512
#define FOVEA_ISA "AVX-512"
#include "body.inc"
