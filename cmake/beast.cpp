// SPDX-License-Identifier: Apache-2.0
// Compiles Boost.Beast once for the whole project.
#include <boost/beast/src.hpp>
