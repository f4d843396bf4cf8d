// SPDX-License-Identifier: Apache-2.0
// Hashes of "correct horse", made with libcrypt; cheap ones, so that tests are quick.
#pragma once

namespace fairlead::test {

inline constexpr const char* yescrypt =
    "$y$j75$quaTl7a1qlLmLoHYLWhRI.$jRwDg0J55WFXC22AJyTtKD6/WndUlhDmCcqeg7fCfe5";
inline constexpr const char* sha512crypt =
    "$6$EKSLOOPj/ScWE0Xb$42A/GxQRIMMzYenViQNCF.5ic0MQWdqVfJBTVfqR1T6qK5dt/"
    "6H8VegeNsbSMxgJRaDaSiCnuSoYpWYzI9ued/";
inline constexpr const char* sha512crypt_rounds =
    "$6$rounds=5000$saltstring$."
    "r0X7ub5wGR2v4Xz7svCIozfnlorFh19V89t8KC9Umd81uGhFgsyTRNyzQDXDIm17fFcR9z3z7oBNdsyYBbtm/";
inline constexpr const char* bcrypt = "$2b$08$Rhlr4Tq3kruZeEXeISDbAO/.4bbxexe7fuPMNtAUaCpwWSMBNyofW";
inline constexpr const char* bcrypt_2y = "$2y$08$zojj0iB6rKlz7ke1bya0SeGL56g0e9/tOucFuhehUsb1/baWVfUbC";

}  // namespace fairlead::test
