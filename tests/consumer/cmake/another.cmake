# cmake -P: a library for another machine is passed over, also where no version is asked for.
set(CMAKE_SIZEOF_VOID_P 2)
find_package(ockham)
if(ockham_FOUND OR NOT ockham_CONSIDERED_VERSIONS)
  message(FATAL_ERROR "Found, or not even considered: ${ockham_CONSIDERED_VERSIONS}")
endif()
