// What the files of this folder export, one function a room. Their contract is binding.d.ts.
#pragma once
#include "args.h"

class Exports {
 public:
  Exports(Napi::Env env, Napi::Object object) : env_(env), object_(object) {}

  // kFunction takes `const Arguments&`, and returns a Napi::Value or nothing. Its name is that of JavaScript, and of messages.
  template <auto kFunction>
  void set(const char* name) {
    object_.Set(name, Napi::Function::New<call<kFunction>>(env_, name, const_cast<char*>(name)));
  }
  void set(const char* name, const Napi::Function& constructor) { object_.Set(name, constructor); }
  Napi::Env env() const { return env_; }

 private:
  template <auto kFunction>
  static Napi::Value call(const Napi::CallbackInfo& info) {
    const auto* const name = static_cast<const char*>(info.Data());
    return with_coded_errors(info.Env(), name, [&]() -> Napi::Value {
      const Arguments args(info, name);
      if constexpr (std::is_void_v<decltype(kFunction(args))>) return kFunction(args), info.Env().Undefined();
      else return kFunction(args);
    });
  }

  const Napi::Env env_;
  Napi::Object object_;
};

void export_batch_norm(Exports& exports);
void export_conv2d(Exports& exports);
void export_conv2d_grad(Exports& exports);
void export_conv2d_integer(Exports& exports);
void export_conv2d_quantized(Exports& exports);
void export_crop_mirror_normalize(Exports& exports);
void export_cross_entropy(Exports& exports);
void export_elementwise(Exports& exports);
void export_elementwise_grad(Exports& exports);
void export_free_array(Exports& exports);
void export_peak(Exports& exports);
void export_plan(Exports& exports);
void export_pool(Exports& exports);
void export_pool_grad(Exports& exports);
void export_quantize(Exports& exports);
void export_runtime(Exports& exports);
void export_sgd(Exports& exports);
void export_sign(Exports& exports);
void export_symmetric_pad(Exports& exports);
void export_winograd(Exports& exports);
void export_winograd_integer(Exports& exports);
