# WebAssembly with WASI, without threads and exceptions:
#
#   scripts/build-wasm.sh
#
# Debian: apt-get install clang-19 lld-19 wasi-libc libc++-19-dev-wasm32 libc++abi-19-dev-wasm32 libclang-rt-19-dev-wasm32
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
# Without threads there is no end of a thread, for which thread_local variables would register their destructors.
set(CMAKE_CXX_FLAGS_INIT "-fno-exceptions -fno-c++-static-destructors -D_WASI_EMULATED_PROCESS_CLOCKS")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-lwasi-emulated-process-clocks")  # tests ask for the time that they take
set(CMAKE_EXECUTABLE_SUFFIX_CXX .wasm)
