// Into the layout of images in lanes, and out of it.
#pragma once

#include <functional>

#include "builder.h"

namespace fovea {

/// Whether one of two formats of float32 images is row-major and the other in lanes.
bool canTransposeLanes(const Md &from, const Md &to);
std::function<void()> transposeLanes(const Version &from, const Version &to);

}  // namespace fovea
