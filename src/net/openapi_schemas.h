#pragma once
// The bodies that routes answer, as JSON Schema (2020-12).
#include <span>
#include <string_view>

namespace chatbox::net {

struct NamedSchema {
    std::string_view name;
    std::string_view text;  // JSON
};

std::span<const NamedSchema> openapi_schemas();

}  // namespace chatbox::net
