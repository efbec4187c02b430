#include "response_codec.h"

#include <gtest/gtest.h>

#include <limits>

namespace chatbox::store::sqlite {
namespace {

using Times = std::vector<std::uint64_t>;

TEST(ResponseCodec, GivesBackWhatItWasGiven) {
    const std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
    for (const Times& times :
         {Times{}, Times{0}, Times{127, 128, 16'383, 16'384}, Times{largest, 0, largest}, Times(100, 1500)}) {
        EXPECT_EQ(decode_times(encode_times(times)), times);
    }
    EXPECT_EQ(encode_times(Times(100, 1500)).size(), 200U);
}

TEST(ResponseCodec, FindsDamage) {
    const std::string whole = encode_times({std::numeric_limits<std::uint64_t>::max()});
    for (std::size_t n = 1; n < whole.size(); ++n) EXPECT_FALSE(decode_times(whole.substr(0, n))) << n;
    EXPECT_FALSE(decode_times(std::string(9, '\xFF') + "\x02"));  // 65 bits
    EXPECT_FALSE(decode_times(std::string(10, '\xFF') + "\x01"));
}

}  // namespace
}  // namespace chatbox::store::sqlite
