#define FOVEA_TABLE kernelsBaseline
#define FOVEA_ISA "baseline"
#define FOVEA_WIDTH 4
#include "body.inc"
