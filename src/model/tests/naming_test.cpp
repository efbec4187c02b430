#include "model/naming.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"

namespace chatbox::model {
namespace {

TEST(SessionName, OfAnEmptyMessageIsNewChat) {
    EXPECT_EQ(session_name(""), "New Chat");
    EXPECT_EQ(session_name("  \r\n\t "), "New Chat");
    EXPECT_EQ(session_name("\xE3\x80\x80\xC2\xA0"), "New Chat");
}

TEST(SessionName, OfAShortMessageIsTheMessageTrimmed) {
    EXPECT_EQ(session_name("  Export my data "), "Export my data");
    EXPECT_EQ(session_name("\xE3\x80\x80hello\xC2\xA0"), "hello");
}

TEST(SessionName, IsTheFirstSentenceWithItsMark) {
    EXPECT_EQ(session_name("Hello. How are you?"), "Hello.");
    EXPECT_EQ(session_name("Hello! How are you?"), "Hello!");
    EXPECT_EQ(session_name("How are you? Fine."), "How are you?");
    EXPECT_EQ(session_name("Hello."), "Hello.");
    EXPECT_EQ(session_name("really?yes"), "really?");
    EXPECT_EQ(session_name("?"), "?");
}

TEST(SessionName, AFullStopInsideAWordEndsNoSentence) {
    EXPECT_EQ(session_name("v1.2 is out"), "v1.2 is out");
    EXPECT_EQ(session_name("see example.com/a. Then go"), "see example.com/a.");
    EXPECT_EQ(session_name("Wait... what?"), "Wait...");
    EXPECT_EQ(session_name(".NET fails"), ".NET fails");
}

TEST(SessionName, AFullStopBeforeAnyUnicodeSpaceEndsTheSentence) {
    EXPECT_EQ(session_name("Hello.\tYou"), "Hello.");
    EXPECT_EQ(session_name("Hello.\xC2\xA0You"), "Hello.");
    EXPECT_EQ(session_name("Hello.\xE3\x80\x80You"), "Hello.");
}

TEST(SessionName, IsTheFirstLineWhenThereAreSeveral) {
    EXPECT_EQ(session_name("line one\nline two"), "line one");
    EXPECT_EQ(session_name("line one\r\nline two"), "line one");
    EXPECT_EQ(session_name("line one\rline two"), "line one");
    EXPECT_EQ(session_name("line one  \nline two"), "line one");
    EXPECT_EQ(session_name("\n\n first\nsecond"), "first");
}

TEST(SessionName, AFirstLineIsNotCutAtItsSentences) {
    EXPECT_EQ(session_name("One. Two.\nthree"), "One. Two.");
}

TEST(SessionName, OfALongTextIsCutAtAWord) {
    EXPECT_EQ(session_name("How do I reset the password for my account on the production portal today"),
              "How do I reset the password for my account on...");
    EXPECT_EQ(
        session_name("How do I reset the password for my account on the production portal today\nplease"),
        "How do I reset the password for my account on...");
}

TEST(SessionName, OfALongWordIsCutInTheWord) {
    EXPECT_EQ(session_name(std::string(60, 'a')), std::string(47, 'a') + "...");
}

TEST(SessionName, FiftyBytesAreKeptAndFiftyOneAreNot) {
    EXPECT_EQ(session_name(std::string(50, 'a')), std::string(50, 'a'));
    EXPECT_EQ(session_name(std::string(51, 'a')), std::string(47, 'a') + "...");
}

TEST(SessionName, NeverSplitsACharacter) {
    for (const std::string character : {"é", "漢", "😀"}) {
        for (std::size_t shift = 0; shift < 4; ++shift) {
            std::string text(shift, 'x');
            while (text.size() < 80) text += character;
            const std::string name = session_name(text);
            EXPECT_TRUE(base::is_valid_utf8(name)) << name;
            EXPECT_LE(name.size(), 50U);
            EXPECT_GE(name.size(), 47U);
            EXPECT_TRUE(name.ends_with("..."));
        }
    }
}

TEST(SessionName, IsAtMostFiftyBytesAndValidForAnyText) {
    for (std::size_t n = 0; n < 200; ++n) {
        std::string text;
        for (std::size_t i = 0; i < n; ++i) text += (i * 7 + n) % 11 == 0 ? " " : (i % 3 == 0 ? "ü" : "w");
        const std::string name = session_name(text);
        EXPECT_LE(name.size(), 50U);
        EXPECT_FALSE(name.empty());
        EXPECT_TRUE(base::is_valid_utf8(name));
    }
}

TEST(FoldCase, DropsTheDifferenceBetweenCapitalAndSmallLetters) {
    EXPECT_EQ(fold_case("Hello, WORLD 123"), "hello, world 123");
    EXPECT_EQ(fold_case("ÀÖØÞ÷×ÿŸß"), "àöøþ÷×ÿÿß");
    EXPECT_EQ(fold_case("ĀāĲĳĹĺŇňŊŋŽž"), "āāĳĳĺĺňňŋŋžž");
    EXPECT_EQ(fold_case("ΆΈΉΊΌΎΏΑΩΪΣσς"), "άέήίόύώαωϊσσσ");
    EXPECT_EQ(fold_case("ЀЍЏАЯЁҐґѠӁӐԮ"), "ѐѝџаяёґґѡӂӑԯ");
    EXPECT_EQ(fold_case("漢字 😀 ﬀ"), "漢字 😀 ﬀ");
}

TEST(FoldCase, LeavesWhatIsNotUtf8AlonePerByte) {
    for (const std::string& text : {std::string("\xC3"), std::string("\xC3x"), std::string("\xFF\xC0\x80"),
                                    std::string("a\0b", 3), std::string("\xD0\xD0\xB0")}) {
        EXPECT_EQ(fold_case(text), text);
    }
}

TEST(FoldCase, IsTheSameWhenItIsDoneTwiceAndKeepsTheLength) {
    for (unsigned letter = 0x80; letter < 0x800; ++letter) {
        const std::string text{static_cast<char>(0xC0U | (letter >> 6U)),
                               static_cast<char>(0x80U | (letter & 0x3FU))};
        const std::string folded = fold_case(text);
        EXPECT_EQ(folded.size(), text.size()) << letter;
        EXPECT_EQ(fold_case(folded), folded) << letter;
        EXPECT_TRUE(base::is_valid_utf8(folded)) << letter;
    }
}

}  // namespace
}  // namespace chatbox::model
