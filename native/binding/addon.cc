#include "../runtime/scratch.h"
#include "exports.h"

static Napi::Object init(Napi::Env env, Napi::Object object) {
  Exports exports(env, object);
  for (const auto& room : {export_batch_norm,
                           export_conv2d,
                           export_conv2d_grad,
                           export_conv2d_integer,
                           export_conv2d_quantized,
                           export_crop_mirror_normalize,
                           export_cross_entropy,
                           export_elementwise,
                           export_elementwise_grad,
                           export_free_array,
                           export_peak,
                           export_plan,
                           export_pool,
                           export_pool_grad,
                           export_quantize,
                           export_runtime,
                           export_sgd,
                           export_sign,
                           export_symmetric_pad,
                           export_winograd,
                           export_winograd_integer})
    room(exports);
  // The thread of JavaScript ends with its environment. An environment may load the addon twice, but not have one hook twice.
  napi_add_env_cleanup_hook(
      env, [](void*) { free_thread_scratch(); }, static_cast<napi_env>(env));
  return object;
}
NODE_API_MODULE(addernet, init)
