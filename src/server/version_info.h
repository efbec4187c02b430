#pragma once
#include <string_view>

namespace chatbox::server {

// What git calls the sources of this build; empty if that is not known. Written by version_info.cmake.
std::string_view source_revision();

}  // namespace chatbox::server
