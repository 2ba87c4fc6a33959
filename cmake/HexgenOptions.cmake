# Compile options, sanitizers and version that every target of the project shares.
add_library(hexgen_options INTERFACE)
target_compile_features(hexgen_options INTERFACE cxx_std_20)
target_include_directories(hexgen_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
target_compile_options(hexgen_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
    -Wno-missing-field-initializers>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees an overlap in std::string concatenation at -O3 that is not there (GCC bug 105651).
  target_compile_options(hexgen_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
if(HEXGEN_WARNINGS_AS_ERRORS)
  target_compile_options(hexgen_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()
# The same results in every build type: no fused multiply-add contraction, no fast math.
target_compile_options(hexgen_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>)
if(HEXGEN_SANITIZE)
  target_compile_options(hexgen_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${HEXGEN_SANITIZE} -fno-omit-frame-pointer>
    # g++ sees uninitialised members of empty optionals between the instrumentation.
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>)
  if(HEXGEN_SANITIZE MATCHES "address,undefined")
    # The address sanitizer stops at what these find, and they take a third of the compilation.
    target_compile_options(hexgen_options INTERFACE
      $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize=null,object-size,pointer-overflow,vptr>)
  endif()
  target_link_options(hexgen_options INTERFACE -fsanitize=${HEXGEN_SANITIZE})
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Debug, RelWithDebInfo or Release" FORCE)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

find_program(HEXGEN_CCACHE ccache)
if(HEXGEN_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${HEXGEN_CCACHE})
endif()

# hexgen_library(planner SOURCES ... LINK ... PRIVATE ...) defines hexgen_planner with alias hexgen::planner.
function(hexgen_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK;PRIVATE")
  add_library(hexgen_${name} STATIC ${arg_SOURCES})
  add_library(hexgen::${name} ALIAS hexgen_${name})
  target_link_libraries(hexgen_${name} PUBLIC hexgen_options ${arg_LINK} PRIVATE ${arg_PRIVATE})
endfunction()
