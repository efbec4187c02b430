#include "llm/vendor/error_class.h"

#include <gtest/gtest.h>

namespace chatbox::llm::vendor {

using base::Errc;

TEST(ErrorClass, OfAStatusSaysWhetherTheFailureCouldPass) {
    for (const int status : {408, 429, 500, 502, 503, 504, 529, 599})
        EXPECT_EQ(errc_of_status(status), Errc::unavailable) << status;
    for (const int status : {201, 204, 301, 302, 307, 400, 401, 402, 403, 404, 407, 409, 413, 422, 499})
        EXPECT_EQ(errc_of_status(status), Errc::rejected) << status;
}

TEST(ErrorClass, IsNeverReadOutOfTheTextForPeople) {
    EXPECT_EQ(errc_of({.type = "invalid_request_error",
                       .code = {},
                       .message = "the model is unavailable, overloaded, status 503, timeout"}),
              Errc::rejected);
    EXPECT_EQ(errc_of({.type = {}, .code = {}, .message = "invalid api key", .status = 500}),
              Errc::unavailable);
}

TEST(ErrorClass, IsReadOutOfTheCodeFirst) {
    EXPECT_EQ(errc_of({.type = "server_error", .code = "insufficient_quota", .message = {}, .status = 429}),
              Errc::rejected);
    EXPECT_EQ(status_of({.type = "overloaded_error", .code = {}, .message = {}}), 529);
}

TEST(ErrorClass, OfAnErrorThatSaysNothingIsThatItCouldPass) {
    EXPECT_EQ(errc_of({}), Errc::unavailable);
    EXPECT_EQ(status_of({}), 0);
    EXPECT_EQ(status_of({.type = {}, .code = {}, .message = {}, .status = 7}), 0);
    EXPECT_EQ(errc_of({.type = {}, .code = {}, .message = {}, .status = 422}), Errc::rejected);
}

}  // namespace chatbox::llm::vendor
