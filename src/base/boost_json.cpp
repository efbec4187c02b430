// Boost.JSON ships as headers only in Debian. Its function bodies are compiled here, once for the whole
// program; everybody includes <boost/json.hpp> and links base.
#include <boost/json/src.hpp>
