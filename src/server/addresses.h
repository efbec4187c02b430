#pragma once
// Rules for URLs, origins and networks in settings. Each *_mistake() returns an empty text if all is well,
// else what is wrong and what to do, to be put behind the setting's name.
#include <string>
#include <string_view>
#include <vector>

namespace chatbox::server {

// Base URL of a model: https, or http to an internal host, which is one of `internal_hosts` or one by
// is_internal_host(); no user, no fragment, no key in the query.
std::string endpoint_mistake(std::string_view url, const std::vector<std::string>& internal_hosts = {});

// The host of an absolute URL: lower case, IPv6 without brackets; empty if it has none.
std::string host_of(std::string_view url);

// A host name or an IP address.
std::string host_mistake(std::string_view host);

// Where a key set is published: as above, but it may have a query. It is never quoted.
std::string key_url_mistake(std::string_view url);

// True for http://...; only meaningful when endpoint_mistake() finds nothing.
bool is_plain_http(std::string_view url);

// A loopback or private IP literal, a name without a dot, or one under .local, .internal, .svc or
// .cluster.local.
bool is_internal_host(std::string_view host);

// An absolute http(s) URL with a host.
std::string web_url_mistake(std::string_view url);

// scheme://host[:port], or `null` (what a sandboxed frame sends).
std::string origin_mistake(std::string_view origin);

// As browsers write it: lower case, without the scheme's default port. For a good origin.
std::string normal_origin(std::string_view origin);

// An IP address or address/bits, IPv4 or IPv6.
std::string network_mistake(std::string_view network);

// One source of a CSP frame-ancestors directive (www.w3.org/TR/CSP3, 6.4.2).
std::string frame_ancestor_mistake(std::string_view source);

// {prefix}: / and parts of letters, digits, - . _ ~ between single slashes.
std::string path_prefix_mistake(std::string_view prefix);

}  // namespace chatbox::server
