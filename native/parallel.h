// Splitting loops over the OpenMP team. Which thread gets which part never changes a result: parts are
// disjoint, and sums are split by size, not by the number of threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <omp.h>

namespace fovea {

/// Calls body(begin, end) on disjoint parts of 0 … count; alone when there is less work than a part is worth.
template <class Body>
void parallelFor(int64_t count, int64_t grain, const Body &body) {
  if (count <= 0) return;
  const int threads = omp_get_max_threads();
  const int64_t parts = std::min<int64_t>(threads, (count + grain - 1) / std::max<int64_t>(grain, 1));
  if (parts <= 1) return body(0, count);
#pragma omp parallel num_threads(threads)
  {
    const int64_t id = omp_get_thread_num(), team = omp_get_num_threads();
    const int64_t begin = count * id / team, end = count * (id + 1) / team;
    if (begin < end) body(begin, end);
  }
}

}  // namespace fovea
