# SPDX-License-Identifier: Apache-2.0
# Compiler settings shared by every target, and fairlead_floor(), which makes one floor of the house.

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

add_library(fairlead_settings INTERFACE)
target_compile_options(fairlead_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
  $<$<BOOL:${FAIRLEAD_WERROR}>:-Werror>
  $<$<CXX_COMPILER_ID:Clang>:-Wno-unqualified-std-cast-call>
  # g++ 12 warns wrongly about restrict and overflows in inlined std::string code (docs/decisions.md), and about coroutines that
  # a unity build includes.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-stringop-overflow;-Wno-maybe-uninitialized;-Wno-array-bounds;-Wno-dangling-pointer;-Wno-subobject-linkage;-fcoroutines>)
target_compile_definitions(fairlead_settings INTERFACE _GLIBCXX_ASSERTIONS FAIRLEAD_VERSION="${PROJECT_VERSION}")
if(NOT FAIRLEAD_SANITIZE) # the two check the same calls and disturb each other
  target_compile_definitions(fairlead_settings INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
endif()
target_compile_options(fairlead_settings INTERFACE
  $<$<CONFIG:Release>:-g1 -fstack-protector-strong -fcf-protection>)
target_link_options(fairlead_settings INTERFACE $<$<CONFIG:Release>:-Wl,-z,relro,-z,now>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp") # so that ccache can share precompiled headers
  find_program(LLD NAMES ld.lld-19 ld.lld)
  if(LLD)
    add_link_options(--ld-path=${LLD})
  endif()
endif()

if(FAIRLEAD_SANITIZE)
  add_compile_options(-fsanitize=${FAIRLEAD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FAIRLEAD_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options(-fno-sanitize=function) # breaks on coroutines: style guide, section 4.2
  elseif(FAIRLEAD_SANITIZE MATCHES "thread")
    add_compile_options(-Wno-tsan)
  endif()
endif()

if(FAIRLEAD_BUILD_FUZZERS) # coverage of everything, without libFuzzer's main
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# fairlead_floor(NAME SOURCES a.cpp … FLOORS base crypto … LIBRARIES OpenSSL::Crypto …)
#
# Makes the static library fairlead_NAME from src/NAME. Headers are included as "NAME/file.hpp"; the only directory on the
# include path that leads there is a link farm of this floor's own, so that a floor which does not name another cannot
# include it: a violation does not build.
function(fairlead_floor name)
  cmake_parse_arguments(ARG "" "" "SOURCES;FLOORS;LIBRARIES" ${ARGN})
  set(farm ${CMAKE_BINARY_DIR}/include/${name})
  file(MAKE_DIRECTORY ${farm})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${name} ${farm}/${name} SYMBOLIC)
  add_library(fairlead_${name} STATIC ${ARG_SOURCES})
  target_include_directories(fairlead_${name} PUBLIC ${farm} ${CMAKE_SOURCE_DIR}/include)
  set(floors ${ARG_FLOORS})
  list(TRANSFORM floors PREPEND fairlead_)
  target_link_libraries(fairlead_${name} PUBLIC ${floors} ${ARG_LIBRARIES} PRIVATE fairlead_settings)
endfunction()

# fairlead_program(NAME SOURCES … FLOORS …): an executable in bin/.
function(fairlead_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;FLOORS;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  set(floors ${ARG_FLOORS})
  list(TRANSFORM floors PREPEND fairlead_)
  target_link_libraries(${name} PRIVATE ${floors} ${ARG_LIBRARIES} fairlead_settings)
endfunction()

# fairlead_unit_test(NAME SOURCES … FLOORS …): one GoogleTest program per floor, found by ctest case by case.
function(fairlead_unit_test name)
  fairlead_program(${name} ${ARGN} LIBRARIES fairlead_test_support GTest::gtest_main)
  target_precompile_headers(${name} REUSE_FROM fairlead_test_support)
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>) # what is tested is compiled as it is shipped
  target_compile_definitions(${name} PRIVATE FAIRLEAD_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 300)
endfunction()
