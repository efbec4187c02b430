#include "metadata_codec.h"

#include <gtest/gtest.h>

namespace chatbox::store::sqlite {
namespace {

using model::Metadata;

const Metadata sample{{"", "value of the empty key"},
                      {"k", ""},
                      {std::string("nul\0key", 7), "nul\xFFvalue"},
                      {"long", std::string(70'000, 'x')}};

TEST(MetadataCodec, GivesBackWhatItWasGiven) {
    for (const Metadata& metadata : {Metadata{}, Metadata{{"a", "b"}}, Metadata{{"", ""}}, sample}) {
        EXPECT_EQ(decode_metadata(encode_metadata(metadata)), metadata);
    }
}

TEST(MetadataCodec, StoresNothingForNothing) {
    EXPECT_EQ(encode_metadata({}), "");
}

TEST(MetadataCodec, HasAFixedFormat) {
    EXPECT_EQ(encode_metadata({{"ab", "c"}, {"x", ""}}),
              std::string("\x02\0\0\0ab\x01\0\0\0c\x01\0\0\0x\0\0\0\0", 20));
}

TEST(MetadataCodec, RefusesEveryBeginningOfAnEntry) {
    const std::string whole = encode_metadata({{"key", "value"}});
    for (std::size_t n = 1; n < whole.size(); ++n) EXPECT_FALSE(decode_metadata(whole.substr(0, n))) << n;
    EXPECT_FALSE(decode_metadata(whole + "x"));
}

TEST(MetadataCodec, RefusesWhatItNeverWrites) {
    const std::string a = encode_metadata({{"a", "1"}});
    const std::string b = encode_metadata({{"b", "1"}});
    EXPECT_TRUE(decode_metadata(a + b));
    EXPECT_FALSE(decode_metadata(b + a));  // out of order
    EXPECT_FALSE(decode_metadata(a + a));  // twice
    EXPECT_FALSE(decode_metadata(std::string("\xFF\xFF\xFF\xFF", 4) + "x"));
}

}  // namespace
}  // namespace chatbox::store::sqlite
