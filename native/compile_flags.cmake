# How everything here is compiled, the core and what links it alike: included by both CMakeLists.txt.
include_guard()
option(ADDERNET_WERROR "warnings are errors: for developers, not for a user whose compiler knows a new one" OFF)
set(ADDERNET_SANITIZE "" CACHE STRING "comma-separated list for -fsanitize=")

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()

if(MSVC AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "addernet needs clang-cl on Windows, since MSVC has no inline assembly for x64: cmake-js rebuild --toolset ClangCL")
endif()
if(MSVC)
  set(clang /clang:)  # hands clang-cl a flag of clang
  set(warnings /W4)
else()
  set(clang "")
  set(warnings -Wall -Wextra)
endif()

add_library(addernet_flags INTERFACE)
# Never fuse a multiply and an add behind our back: results would differ between instruction sets.
target_compile_options(addernet_flags INTERFACE ${clang}-ffp-contract=off ${warnings} $<$<BOOL:${ADDERNET_WERROR}>:-Werror>)
if(ADDERNET_SANITIZE)
  target_compile_options(addernet_flags INTERFACE -fsanitize=${ADDERNET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  target_link_options(addernet_flags INTERFACE -fsanitize=${ADDERNET_SANITIZE})
endif()
