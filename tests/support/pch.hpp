// SPDX-License-Identifier: Apache-2.0
// Precompiled once for all test programs.
#pragma once

#include "../../cmake/asio_pch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>
