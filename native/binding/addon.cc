// The list of exports, nothing else. Their contract is binding.d.ts.
#include <napi.h>

Napi::Value CpuInfo(const Napi::CallbackInfo& info);
void SetIsa(const Napi::CallbackInfo& info);
void SetThreads(const Napi::CallbackInfo& info);
Napi::Value RunPeak(const Napi::CallbackInfo& info);
void AdderConv2d(const Napi::CallbackInfo& info);
void Conv2d(const Napi::CallbackInfo& info);
void XnorConv2d(const Napi::CallbackInfo& info);
void MaxPool2d(const Napi::CallbackInfo& info);
void AveragePool2d(const Napi::CallbackInfo& info);
void BatchNorm(const Napi::CallbackInfo& info);
void Relu(const Napi::CallbackInfo& info);
void Add(const Napi::CallbackInfo& info);
void BatchNormTrain(const Napi::CallbackInfo& info);
void BatchNormGrad(const Napi::CallbackInfo& info);
void ReluGrad(const Napi::CallbackInfo& info);
void BiasGrad(const Napi::CallbackInfo& info);
void MaxPool2dGrad(const Napi::CallbackInfo& info);
void AveragePool2dGrad(const Napi::CallbackInfo& info);
Napi::Value SoftmaxCrossEntropy(const Napi::CallbackInfo& info);
void SgdStep(const Napi::CallbackInfo& info);
void ReferenceAdderConv2d(const Napi::CallbackInfo& info);
void ReferenceConv2d(const Napi::CallbackInfo& info);
void AdderConv2dGradInput(const Napi::CallbackInfo& info);
void AdderConv2dGradFilter(const Napi::CallbackInfo& info);
void Conv2dGradInput(const Napi::CallbackInfo& info);
void Conv2dGradFilter(const Napi::CallbackInfo& info);
void ReferenceAdderConv2dGradInput(const Napi::CallbackInfo& info);
void ReferenceAdderConv2dGradFilter(const Napi::CallbackInfo& info);
void ReferenceConv2dGradInput(const Napi::CallbackInfo& info);
void ReferenceConv2dGradFilter(const Napi::CallbackInfo& info);
void ReferenceXnorConv2d(const Napi::CallbackInfo& info);
void AdderConv2dInteger(const Napi::CallbackInfo& info);
void Int8Conv2d(const Napi::CallbackInfo& info);
void ReferenceAdderConv2dInteger(const Napi::CallbackInfo& info);
void ReferenceInt8Conv2d(const Napi::CallbackInfo& info);

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  const auto set = [&](const char* name, auto function) { exports.Set(name, Napi::Function::New(env, function, name)); };
  set("cpuInfo", CpuInfo);
  set("setIsa", SetIsa);
  set("setThreads", SetThreads);
  set("peak", RunPeak);
  set("adderConv2d", AdderConv2d);
  set("conv2d", Conv2d);
  set("xnorConv2d", XnorConv2d);
  set("maxPool2d", MaxPool2d);
  set("averagePool2d", AveragePool2d);
  set("batchNorm", BatchNorm);
  set("relu", Relu);
  set("add", Add);
  set("batchNormTrain", BatchNormTrain);
  set("batchNormGrad", BatchNormGrad);
  set("reluGrad", ReluGrad);
  set("biasGrad", BiasGrad);
  set("maxPool2dGrad", MaxPool2dGrad);
  set("averagePool2dGrad", AveragePool2dGrad);
  set("softmaxCrossEntropy", SoftmaxCrossEntropy);
  set("sgdStep", SgdStep);
  set("referenceAdderConv2d", ReferenceAdderConv2d);
  set("referenceConv2d", ReferenceConv2d);
  set("adderConv2dGradInput", AdderConv2dGradInput);
  set("adderConv2dGradFilter", AdderConv2dGradFilter);
  set("conv2dGradInput", Conv2dGradInput);
  set("conv2dGradFilter", Conv2dGradFilter);
  set("referenceAdderConv2dGradInput", ReferenceAdderConv2dGradInput);
  set("referenceAdderConv2dGradFilter", ReferenceAdderConv2dGradFilter);
  set("referenceConv2dGradInput", ReferenceConv2dGradInput);
  set("referenceConv2dGradFilter", ReferenceConv2dGradFilter);
  set("referenceXnorConv2d", ReferenceXnorConv2d);
  set("adderConv2dInteger", AdderConv2dInteger);
  set("int8Conv2d", Int8Conv2d);
  set("referenceAdderConv2dInteger", ReferenceAdderConv2dInteger);
  set("referenceInt8Conv2d", ReferenceInt8Conv2d);
  return exports;
}
NODE_API_MODULE(addernet, Init)
