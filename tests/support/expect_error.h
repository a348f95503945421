// expect_error.h: what every refusal has in common.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "convstep/error.h"

namespace convstep {

// call() throws an Error whose message names the argument, what was given and what was expected. Empty strings are not
// compared.
template <class Error, class Call>
void expect_error(Call call, const std::string& argument, const std::string& given = {},
                  const std::string& expected = {}) {
  SCOPED_TRACE(argument + " " + given);
  try {
    call();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& e) {
    const std::string what = e.what();
    EXPECT_EQ(e.argument(), argument) << what;
    EXPECT_NE(e.given().find(given), std::string::npos) << what;
    EXPECT_NE(e.expected().find(expected), std::string::npos) << what;
    EXPECT_EQ(what.rfind(e.argument() + ": got " + e.given() + ", expected " + e.expected(), 0), 0u) << what;
  } catch (const std::exception& e) {
    ADD_FAILURE() << "thrown of another type: " << e.what();
  }
}

}  // namespace convstep
