// The list of exports, nothing else. Their contract is binding.d.ts.
#include <napi.h>

Napi::Value CpuInfo(const Napi::CallbackInfo& info);
void SetIsa(const Napi::CallbackInfo& info);
void SetThreads(const Napi::CallbackInfo& info);
void AdderConv2d(const Napi::CallbackInfo& info);
void Conv2d(const Napi::CallbackInfo& info);
void MaxPool2d(const Napi::CallbackInfo& info);
void AveragePool2d(const Napi::CallbackInfo& info);
void BatchNorm(const Napi::CallbackInfo& info);
void Relu(const Napi::CallbackInfo& info);
void Add(const Napi::CallbackInfo& info);
void ReferenceAdderConv2d(const Napi::CallbackInfo& info);
void ReferenceConv2d(const Napi::CallbackInfo& info);
void AdderConv2dInteger(const Napi::CallbackInfo& info);
void Int8Conv2d(const Napi::CallbackInfo& info);
void ReferenceAdderConv2dInteger(const Napi::CallbackInfo& info);
void ReferenceInt8Conv2d(const Napi::CallbackInfo& info);

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, auto function) { exports.Set(name, Napi::Function::New(env, function, name)); };
  set("cpuInfo", CpuInfo);
  set("setIsa", SetIsa);
  set("setThreads", SetThreads);
  set("adderConv2d", AdderConv2d);
  set("conv2d", Conv2d);
  set("maxPool2d", MaxPool2d);
  set("averagePool2d", AveragePool2d);
  set("batchNorm", BatchNorm);
  set("relu", Relu);
  set("add", Add);
  set("referenceAdderConv2d", ReferenceAdderConv2d);
  set("referenceConv2d", ReferenceConv2d);
  set("adderConv2dInteger", AdderConv2dInteger);
  set("int8Conv2d", Int8Conv2d);
  set("referenceAdderConv2dInteger", ReferenceAdderConv2dInteger);
  set("referenceInt8Conv2d", ReferenceInt8Conv2d);
  return exports;
}
NODE_API_MODULE(addernet, Init)
