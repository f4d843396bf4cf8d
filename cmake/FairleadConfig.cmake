# SPDX-License-Identifier: Apache-2.0
# find_package(Fairlead) gives the target fairlead::ssh.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(OpenSSL 3)
find_dependency(Boost 1.81)
include(${CMAKE_CURRENT_LIST_DIR}/FairleadTargets.cmake)
