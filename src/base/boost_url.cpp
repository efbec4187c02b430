// Debian has no library of Boost.URL: it is compiled here, once.
#include <boost/url/src.hpp>
