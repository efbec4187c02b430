#pragma once
// What a secret must be. None of these functions ever puts a secret into a text.
#include <string>
#include <string_view>

#include "base/result.h"

namespace chatbox::server {

constexpr std::size_t min_jwt_secret_bytes = 32;
constexpr double min_secret_bits = 80;  // of secret_bits()
constexpr std::size_t encryption_key_bytes = 32;

// The marks that templates leave where a value belongs: REPLACE_WITH, PLACEHOLDER, CHANGE-ME, CHANGE_ME,
// YOUR-; in any case, anywhere.
bool has_placeholder(std::string_view value);

// An upper bound of what an attacker must guess: what repeats, or counts up or down, is free, and every other
// character costs as much as the alphabet that the secret uses. It knows no languages: a sentence looks
// strong.
double secret_bits(std::string_view secret);

// True if a word that people use for throw-away secrets (secret, password, admin, test ...) stands in it as a
// word, or, if the word is long, anywhere. What `openssl rand -base64 32` makes has a long one by chance less
// than once in 10^8 and may hold short ones; other random texts have one less than once in a million.
bool has_weak_word(std::string_view secret);

// Empty if `secret` may sign tokens; else what is wrong with it and what to do.
std::string jwt_secret_mistake(std::string_view secret);

// `text` is 32 bytes as they are, or `hex:` or `base64:` (standard alphabet, padding optional) and their
// encoding. The error's detail says what is wrong and what to do.
base::Result<std::string> decode_encryption_key(std::string_view text);

// 32 random bytes as base64. Throws like base::random_bytes().
std::string generate_secret();

}  // namespace chatbox::server
