#include "base/text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chatbox::base {
namespace {

using namespace std::string_literals;

std::string utf8(char32_t c) {
    const auto byte = [](char32_t value) { return static_cast<char>(static_cast<unsigned char>(value)); };
    if (c < 0x80) return {byte(c)};
    if (c < 0x800) return {byte(0xC0 | c >> 6), byte(0x80 | (c & 63))};
    if (c < 0x10000) return {byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 63)), byte(0x80 | (c & 63))};
    return {byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 63)), byte(0x80 | (c >> 6 & 63)),
            byte(0x80 | (c & 63))};
}

TEST(Utf8, EveryCharacterIsValidAndEverySurrogateIsNot) {
    for (char32_t c = 0; c <= 0x10FFFF; ++c) {
        const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        if (is_valid_utf8(utf8(c)) == surrogate) FAIL() << "U+" << std::hex << static_cast<std::uint32_t>(c);
    }
}

TEST(Utf8, RefusesWhatIsNotACharacter) {
    const std::vector<std::string> bad = {
        "\x80",              // a continuation byte alone
        "\xC0\x80",          // overlong NUL
        "\xC1\xBF",          // overlong, two bytes
        "\xE0\x9F\xBF",      // overlong, three bytes
        "\xF0\x8F\xBF\xBF",  // overlong, four bytes
        "\xF4\x90\x80\x80",  // U+110000
        "\xF5\x80\x80\x80",  // a lead byte that does not exist
        "\xFF",
        "\xC3(",
        "\xE2\x82(",
        "\xF0\x9F\x98(",
    };
    for (const auto& text : bad) {
        EXPECT_FALSE(is_valid_utf8(text)) << testing::PrintToString(text);
        EXPECT_FALSE(is_valid_utf8("some plain text before " + text));
        EXPECT_FALSE(is_valid_utf8(text + " and some plain text behind"));
    }
}

TEST(Utf8, RefusesACharacterThatIsCutOff) {
    for (const char32_t c : {U'é', U'€', U'😀'}) {
        const std::string whole = utf8(c);
        for (std::size_t n = 1; n < whole.size(); ++n) {
            EXPECT_FALSE(is_valid_utf8(whole.substr(0, n)));
            EXPECT_FALSE(is_valid_utf8("1234567" + whole.substr(0, n)));
        }
    }
}

TEST(Utf8, FindsABadByteAtEveryPlaceOfALongText) {
    const std::string good(64, 'x');
    EXPECT_TRUE(is_valid_utf8(good));
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = '\xFF';
        EXPECT_FALSE(is_valid_utf8(bad)) << at;
    }
}

TEST(Utf8, TheEmptyTextAndNulAreValid) {
    EXPECT_TRUE(is_valid_utf8(""));
    EXPECT_TRUE(is_valid_utf8("a\0b"s));
}

TEST(Utf8Floor, NeverCutsACharacter) {
    const std::string text = "aé€😀z";
    for (std::size_t limit = 0; limit <= text.size() + 2; ++limit) {
        const std::size_t n = utf8_floor(text, limit);
        EXPECT_LE(n, limit);
        EXPECT_TRUE(is_valid_utf8(std::string_view(text).substr(0, n))) << limit;
        EXPECT_TRUE(is_valid_utf8(std::string_view(text).substr(n))) << limit;
    }
}

TEST(Utf8Floor, TakesAsMuchAsFits) {
    EXPECT_EQ(utf8_floor("abc", 2), 2U);
    EXPECT_EQ(utf8_floor("abc", 99), 3U);
    EXPECT_EQ(utf8_floor("é", 1), 0U);
    EXPECT_EQ(utf8_floor("aé", 3), 3U);
    EXPECT_EQ(utf8_floor("", 0), 0U);
}

TEST(TrimUnicode, RemovesEveryUnicodeSpaceAtBothEnds) {
    const std::vector<char32_t> spaces = {0x09,   0x0A,   0x0B,   0x0C,   0x0D,   0x20,   0x85,
                                          0xA0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004,
                                          0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x2028,
                                          0x2029, 0x202F, 0x205F, 0x3000};
    for (const char32_t space : spaces) {
        const std::string s = utf8(space);
        const std::string text = std::string(s).append("a b").append(s).append(s);
        EXPECT_EQ(trim_unicode(text), "a b") << std::hex << static_cast<std::uint32_t>(space);
        EXPECT_EQ(trim_unicode(s), "");
    }
}

TEST(TrimUnicode, KeepsWhatOnlyLooksLikeASpace) {
    for (const char32_t c :
         {char32_t{0x200B}, char32_t{0xFEFF}, char32_t{0x180E}, char32_t{0x00}, char32_t{0x1F}}) {
        const std::string s = utf8(c);
        const std::string text = std::string(s).append("a").append(s);
        EXPECT_EQ(trim_unicode(text), text) << std::hex << static_cast<std::uint32_t>(c);
    }
}

TEST(TrimUnicode, KeepsCharactersThatEndInTheBytesOfASpace) {
    EXPECT_EQ(trim_unicode("à"), "à");  // C3 A0: its second byte is that of U+00A0
    EXPECT_EQ(trim_unicode("Å"), "Å");  // C3 85
}

TEST(TrimUnicode, IsSafeOnBytesThatAreNotUtf8) {
    EXPECT_EQ(trim_unicode("\x80\x80"), "\x80\x80");
    EXPECT_EQ(trim_unicode(" \xE2\x80"), "\xE2\x80");
    EXPECT_EQ(trim_unicode("\xFF "), "\xFF");
}

TEST(ToValidUtf8, ReplacesWhatIsNotUtf8AndKeepsTheRest) {
    EXPECT_EQ(to_valid_utf8("plain"), "plain");
    EXPECT_EQ(to_valid_utf8("\xC3\xA9\xE2\x9C\x93"), "\xC3\xA9\xE2\x9C\x93");
    EXPECT_EQ(to_valid_utf8("a\xFF\x62"), "a\xEF\xBF\xBD\x62");
    EXPECT_EQ(to_valid_utf8("\xE2\x9C"), "\xEF\xBF\xBD\xEF\xBF\xBD");
    EXPECT_TRUE(is_valid_utf8(to_valid_utf8("\xED\xA0\x80\xC0\x80\xF5")));
    EXPECT_EQ(to_valid_utf8(""), "");
}

TEST(Base64, GivesTheVectorsOfRfc4648) {
    EXPECT_EQ(base64_encode(""), "");
    EXPECT_EQ(base64_encode("f"), "Zg==");
    EXPECT_EQ(base64_encode("fo"), "Zm8=");
    EXPECT_EQ(base64_encode("foo"), "Zm9v");
    EXPECT_EQ(base64_encode("foob"), "Zm9vYg==");
    EXPECT_EQ(base64_encode("fooba"), "Zm9vYmE=");
    EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
}

TEST(Base64, EncodesEveryByte) {
    EXPECT_EQ(base64_encode("\xFF\xFF\xFF\xFB\xEF\xBE"s), "////++++");
    EXPECT_EQ(base64_encode("\0\0\0"s), "AAAA");
}

}  // namespace
}  // namespace chatbox::base
