#include <string>
#include <unordered_map>

#include "ops.h"

namespace fovea {

const OpEntry *findOp(const std::string &name) {
  static const auto table = [] {
    std::unordered_map<std::string, const OpEntry *> all;
    for (const auto *family : {&convOps, &laneConvOps, &matmulOps, &poolOps, &normOps, &mapOps, &reduceOps, &shapeOps, &indexOps,
                               &softmaxOps, &updateOps, &randomOps})
      for (const auto &entry : *family) all.emplace(entry.name, &entry);
    return all;
  }();
  const auto found = table.find(name);
  return found == table.end() ? nullptr : found->second;
}

}  // namespace fovea
