#include "base/id.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <type_traits>
#include <unordered_map>

namespace chatbox::base {
namespace {

using Fruit = Id<struct FruitTag>;
using Tree = Id<struct TreeTag>;

TEST(Id, IsATypeOfItsOwnAndNotAString) {
    EXPECT_FALSE((std::is_convertible_v<Fruit, Tree>));
    EXPECT_FALSE((std::is_convertible_v<std::string, Fruit>));
    EXPECT_FALSE((std::is_convertible_v<Fruit, std::string>));
}

TEST(Id, IsEmptyUntilItIsGivenAValue) {
    EXPECT_TRUE(Fruit{}.empty());
    EXPECT_FALSE(Fruit{"apple"}.empty());
    EXPECT_EQ(Fruit{"apple"}.str(), "apple");
}

TEST(Id, ComparesBytewise) {
    EXPECT_EQ(Fruit{"a"}, Fruit{"a"});
    EXPECT_NE(Fruit{"a"}, Fruit{"A"});
    EXPECT_LT(Fruit{"B"}, Fruit{"a"});
    EXPECT_LT(Fruit{"a"}, Fruit{"aa"});
    EXPECT_NE(Fruit{std::string("a\0b", 3)}, Fruit{"a"});
}

TEST(Id, WorksAsAKeyOfAHashMap) {
    std::unordered_map<Fruit, int> stock{{Fruit{"apple"}, 1}, {Fruit{"pear"}, 2}};
    EXPECT_EQ(stock.at(Fruit{"pear"}), 2);
    EXPECT_FALSE(stock.contains(Fruit{"plum"}));
}

TEST(RandomHexId, IsThirtyTwoLowerCaseHexDigits) {
    for (int i = 0; i < 100; ++i) {
        const std::string id = random_hex_id();
        EXPECT_EQ(id.size(), 32U);
        EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
    }
}

TEST(RandomHexId, DoesNotRepeat) {
    std::set<std::string> seen;
    for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(seen.insert(random_hex_id()).second);
}

TEST(RandomHexId, UsesEveryDigitAtEveryPlace) {
    std::array<std::set<char>, 32> digits;
    for (int i = 0; i < 2'000; ++i) {
        const std::string id = random_hex_id();
        for (std::size_t at = 0; at < 32; ++at) digits[at].insert(id[at]);
    }
    for (std::size_t at = 0; at < 32; ++at) EXPECT_EQ(digits[at].size(), 16U) << "place " << at;
}

TEST(OrderedHexId, GrowsWithTimeAndDoesNotRepeat) {
    const Time early = *parse_rfc3339("2026-02-22T10:00:00Z");
    std::set<std::string> seen;
    for (int i = 0; i < 1'000; ++i) seen.insert(ordered_hex_id(early));
    EXPECT_EQ(seen.size(), 1'000U);
    EXPECT_EQ(seen.begin()->size(), 32U);
    EXPECT_EQ(seen.begin()->find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_LT(*seen.rbegin(), ordered_hex_id(early + Millis(1)));
}

TEST(RandomBytes, FillsExactlyWhatWasAskedFor) {
    std::array<unsigned char, 1026> buffer{};
    random_bytes(buffer.data() + 1, 1024);  // more than the kernel gives in one uninterrupted call
    EXPECT_EQ(buffer.front(), 0);
    EXPECT_EQ(buffer.back(), 0);
    // 1024 random bytes that contain fewer than 100 different values do not happen.
    EXPECT_GT(std::set<unsigned char>(buffer.begin() + 1, buffer.end() - 1).size(), 100U);
    random_bytes(nullptr, 0);
}

}  // namespace
}  // namespace chatbox::base
