#pragma once
// The built pages, compiled into the binary (cmake/embed_assets.cmake makes the table).
#include <span>
#include <string_view>

namespace chatbox::net {

struct Asset {
    std::string_view path;  // below the prefix, without a leading slash: chat.html, assets/index-abc.js
    std::string_view content_type;
    std::string_view etag;  // quoted
    std::string_view bytes;
    std::string_view gzip;   // empty: not worth it
    bool immutable = false;  // its name changes with its content
};

// Sorted by path. Empty when the pages were not built.
std::span<const Asset> assets();

}  // namespace chatbox::net
