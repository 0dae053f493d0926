#include "exports.h"

namespace {
// (bytes): an array of all of an ArrayBuffer. Its memory is free when this returns, instead of when garbage is collected.
void FreeArray(const Arguments& args) { args(0, "bytes").whole_buffer().Detach(); }
}  // namespace

void export_free_array(Exports& exports) { exports.set<FreeArray>("freeArray"); }
