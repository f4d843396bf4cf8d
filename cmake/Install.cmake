# SPDX-License-Identifier: Apache-2.0
# The engine for others: one static library of the floors up to ssh, the public headers, a CMake package (fairlead::ssh) and a
# pkg-config file (fairlead-ssh). docs/embedding.md shows both.
include(CMakePackageConfigHelpers)

add_library(fairlead_engine STATIC)
foreach(floor base crypto protocol ssh asio)
  target_sources(fairlead_engine PRIVATE $<TARGET_OBJECTS:fairlead_${floor}>)
endforeach()
set_target_properties(fairlead_engine PROPERTIES EXPORT_NAME ssh OUTPUT_NAME fairlead-ssh LINKER_LANGUAGE CXX)
target_compile_features(fairlead_engine INTERFACE cxx_std_23)
# Asio's settings must be the library's own in whatever includes the headers (one definition rule), but for where its functions
# are compiled: g++ and clang++ give some of Asio's constrained functions different names, so a program compiles its own.
get_target_property(asio_definitions fairlead_asio_settings INTERFACE_COMPILE_DEFINITIONS)
list(FILTER asio_definitions EXCLUDE REGEX SEPARATE_COMPILATION)
target_compile_definitions(fairlead_engine INTERFACE ${asio_definitions})
target_link_libraries(fairlead_engine INTERFACE Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
set(FAIRLEAD_PC_LIBS "-lssl -lcrypto -pthread")
if(IPSEC_MB_LIBRARY AND IPSEC_MB_INCLUDE)
  target_link_libraries(fairlead_engine INTERFACE IPSec_MB)
  string(PREPEND FAIRLEAD_PC_LIBS "-lIPSec_MB ")
endif()
list(TRANSFORM asio_definitions PREPEND "-D" OUTPUT_VARIABLE FAIRLEAD_PC_DEFINITIONS)
list(JOIN FAIRLEAD_PC_DEFINITIONS " " FAIRLEAD_PC_DEFINITIONS)

set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/Fairlead)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/FairleadConfigVersion.cmake COMPATIBILITY SameMinorVersion)
string(REGEX REPLACE "[^/]+" ".." FAIRLEAD_PC_PREFIX ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
configure_file(${CMAKE_SOURCE_DIR}/cmake/fairlead-ssh.pc.in ${CMAKE_BINARY_DIR}/fairlead-ssh.pc @ONLY)

install(TARGETS fairlead_engine EXPORT Fairlead ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT Fairlead FILE FairleadTargets.cmake NAMESPACE fairlead:: DESTINATION ${package_directory})
install(FILES ${CMAKE_SOURCE_DIR}/cmake/FairleadConfig.cmake ${CMAKE_BINARY_DIR}/FairleadConfigVersion.cmake
        DESTINATION ${package_directory})
install(FILES ${CMAKE_BINARY_DIR}/fairlead-ssh.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/fairlead DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
