// Pooling of images in lanes.
#pragma once

#include "ops.h"

namespace fovea {

/// Whether x lies in lanes, and can be pooled as it lies.
bool fitsLanePool(const Builder &b, int x, int y);

void laneAvgPool(Builder &b);
void laneMaxPool(Builder &b);
void laneMaxPoolGrad(Builder &b);
void laneAvgPoolGrad(Builder &b);

}  // namespace fovea
