#define FOVEA_TABLE kernelsBaseline
#define FOVEA_ISA "baseline"
#include "body.inc"
