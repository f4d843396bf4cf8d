# SPDX-License-Identifier: Apache-2.0
# Libraries that come from Debian, and Asio and Beast compiled once instead of in every file.
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(PkgConfig REQUIRED)
pkg_check_modules(QRENCODE REQUIRED IMPORTED_TARGET libqrencode)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(LibArchive REQUIRED)
find_package(CLI11 REQUIRED)
if(FAIRLEAD_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()

# What everything that includes Asio must agree on (one definition rule).
add_library(fairlead_asio_settings INTERFACE)
target_compile_definitions(fairlead_asio_settings INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_SMALL_BLOCK_RECYCLING) # a cached block of another size stays with an idle connection: docs/decisions.md
target_link_libraries(fairlead_asio_settings INTERFACE Boost::headers OpenSSL::SSL Threads::Threads)

add_library(fairlead_asio STATIC ${CMAKE_SOURCE_DIR}/cmake/asio.cpp)
target_link_libraries(fairlead_asio PUBLIC fairlead_asio_settings PRIVATE fairlead_settings)
# One precompiled header for everything with coroutines: target_precompile_headers(NAME REUSE_FROM fairlead_asio).
target_precompile_headers(fairlead_asio PRIVATE ${CMAKE_SOURCE_DIR}/cmake/asio_pch.hpp)
add_library(fairlead_beast STATIC ${CMAKE_SOURCE_DIR}/cmake/beast.cpp)
target_link_libraries(fairlead_beast PUBLIC fairlead_asio)
