#include "kernels.h"

namespace fovea {

const Kernels &kernels() {
#if defined(__x86_64__)
  static const Kernels &best = [] () -> const Kernels & {
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
      return kernelsAvx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return kernelsAvx2;
    return kernelsBaseline;
  }();
  return best;
#else
  return kernelsBaseline;
#endif
}

}  // namespace fovea
