// SPDX-License-Identifier: Apache-2.0
// Absolute URLs and references to them, with the examples of RFC 3986 section 5.4.
#include "http/url.hpp"

#include "http/error.hpp"

#include <gtest/gtest.h>

namespace fairlead::http {
namespace {

std::string text(const Url& url) {
  return (url.endpoint.kind == Endpoint::Kind::tls ? "https://" : "http://") + url.endpoint.host_header() +
         url.target;
}

TEST(HttpUrl, PathAndQueryAreKeptLetterByLetter) {
  EXPECT_EQ(text(Url::parse("http://auth:8080/config/?key=a%2Fb#part")),
            "http://auth:8080/config/?key=a%2Fb");
  EXPECT_EQ(text(Url::parse("HTTPS://auth")), "https://auth:443/");
  EXPECT_EQ(text(Url::parse("http://[::1]:1?x")), "http://[::1]:1/?x");
}

TEST(HttpUrl, WhatIsNoPlainAddressIsRefused) {
  for (const char* url :
       {"", "auth", "/path", "ftp://auth/", "unix:///run/x", "http://", "http:///x",
        "http://user:password@auth/", "http://auth:0/", "http://auth/a b", "http://auth/\n"})
    EXPECT_THROW((void)Url::parse(url), HttpError) << url;
}

// Errors are logged, and a Location is a stranger's (TC-15).
TEST(HttpUrl, AnErrorRepeatsNoPassword) {
  for (const char* url : {"http://user:SECRET@auth/", "http://user:SECRET@[", "htp://user:SECRET@host/a@b",
                          "http://user:SE@CRET@host:port/", "user:SECRET@host"}) {
    try {
      (void)Url::parse(url);
      ADD_FAILURE() << url;
    } catch (const HttpError& error) {
      EXPECT_EQ(std::string(error.what()).find("CRET"), std::string::npos) << error.what();
    }
  }
}

TEST(HttpUrl, ReferencesResolveAsTheStandardSays) {
  const Url base = Url::parse("http://a:80/b/c/d;p?q");
  struct Case {
    const char *reference, *result;
  };
  for (const Case& c :
       {Case{"g", "/b/c/g"},      Case{"./g", "/b/c/g"},    Case{"g/", "/b/c/g/"},
        Case{"/g", "/g"},         Case{"?y", "/b/c/d;p?y"}, Case{"g?y", "/b/c/g?y"},
        Case{"#s", "/b/c/d;p?q"}, Case{"", "/b/c/d;p?q"},   Case{".", "/b/c/"},
        Case{"..", "/b/"},        Case{"../g", "/b/g"},     Case{"../..", "/"},
        Case{"../../g", "/g"},    Case{"../../../g", "/g"}, Case{"/./g", "/g"},
        Case{"/../g", "/g"},      Case{"g.", "/b/c/g."},    Case{"..g", "/b/c/..g"},
        Case{"./g/.", "/b/c/g/"}, Case{"g/../h", "/b/c/h"}, Case{"g?y/../x", "/b/c/g?y/../x"}})
    EXPECT_EQ(text(base.resolve(c.reference)), std::string("http://a:80") + c.result) << c.reference;
  EXPECT_EQ(text(base.resolve("//g")), "http://g:80/");
  EXPECT_EQ(text(Url::parse("https://a/").resolve("//g/x")), "https://g:443/x");
  EXPECT_EQ(text(base.resolve("https://g")), "https://g:443/");
}

}  // namespace
}  // namespace fairlead::http
