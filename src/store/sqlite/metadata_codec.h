#pragma once
// Metadata as one column: for each entry, in the order of the keys, the size of the key (4 bytes, little
// endian), the key, the size of the value (4 bytes, little endian), the value. Empty metadata is no bytes.
// Chosen over a table of entries because nobody searches by it, and an append stays one row.
#include <optional>
#include <string>
#include <string_view>

#include "model/types.h"

namespace chatbox::store::sqlite {

std::string encode_metadata(const model::Metadata& metadata);

// Nothing if `bytes` is not what encode_metadata gives.
std::optional<model::Metadata> decode_metadata(std::string_view bytes);

}  // namespace chatbox::store::sqlite
