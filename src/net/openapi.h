#pragma once
// The OpenAPI 3.1 document, made from the table of routes: what is not in the table is not in the document.
#include <string>

#include "net/server.h"

namespace chatbox::net {

// JSON text. The same for the whole life of the server.
std::string openapi_document(const Options& options, const Facts& facts);

}  // namespace chatbox::net
