# The project's CMake vocabulary: rg_library, rg_test, rg_program, rg_fuzz. Nothing is set globally; every target gets its
# standard, warnings, hardening and sanitizers from the one interface target rg_options.

option(RG_WERROR "Treat warnings as errors (presets switch it on; packagers keep it off)" OFF)
set(RG_SANITIZE "" CACHE STRING "Value for -fsanitize=, e.g. address,undefined or thread")
option(RG_FUZZ "Build the libFuzzer targets (clang only)" OFF)
option(RG_CRASH_POINTS "Let REGUA_CRASH_AT kill the process at a named point (torture runs only)" OFF)

add_library(rg_options INTERFACE)
target_compile_features(rg_options INTERFACE c_std_17)
target_include_directories(rg_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(rg_options INTERFACE _GNU_SOURCE)
target_compile_options(rg_options INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual
  -Wwrite-strings -Wundef -Wvla -Wimplicit-fallthrough
  -fstack-protector-strong -fno-omit-frame-pointer
  $<$<BOOL:${RG_WERROR}>:-Werror>)
target_link_options(rg_options INTERFACE -Wl,-z,relro,-z,now)
if(RG_CRASH_POINTS)
  target_compile_definitions(rg_options INTERFACE RG_CRASH_POINTS)
endif()
if(RG_SANITIZE)
  target_compile_options(rg_options INTERFACE -fsanitize=${RG_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(rg_options INTERFACE -fsanitize=${RG_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_definitions(rg_options INTERFACE _FORTIFY_SOURCE=2)
endif()

# rg_library(base_core SOURCES a.c b.c DEPENDS rg::x PkgConfig::Y): one static library per folder, alias rg::base_core.
function(rg_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(rg_${name} STATIC ${ARG_SOURCES})
  add_library(rg::${name} ALIAS rg_${name})
  target_link_libraries(rg_${name} PUBLIC rg_options ${ARG_DEPENDS})
endfunction()

# rg_program(reguad SOURCES main.c DEPENDS …)
function(rg_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE rg_options ${ARG_DEPENDS})
endfunction()

# Without BUILD_TESTING tests are built only when they are asked for by name.
function(rg_test_target target)
  if(NOT BUILD_TESTING)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endfunction()

# rg_test(base/core/arena DEPENDS …): tests/unit/base/core/arena_test.c as a cmocka program, CTest name unit/base/core/arena,
# label "unit". LANE integration takes tests/integration/… instead.
function(rg_test path)
  cmake_parse_arguments(ARG "" "LANE" "SOURCES;DEPENDS" ${ARGN})
  if(NOT ARG_LANE)
    set(ARG_LANE unit)
  endif()
  string(REPLACE "/" "_" target "test_${ARG_LANE}_${path}")
  add_executable(${target} ${PROJECT_SOURCE_DIR}/tests/${ARG_LANE}/${path}_test.c ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE rg_options ${ARG_DEPENDS} PkgConfig::CMOCKA)
  rg_test_target(${target})
  add_test(NAME ${ARG_LANE}/${path} COMMAND ${target})
  set_tests_properties(${ARG_LANE}/${path} PROPERTIES LABELS ${ARG_LANE} TIMEOUT 300
    ENVIRONMENT "RG_SOURCE_DIR=${PROJECT_SOURCE_DIR};CMOCKA_MESSAGE_OUTPUT=stdout")
endfunction()

function(rg_gather all target)
  if(NOT TARGET ${all})
    add_custom_target(${all})
  endif()
  add_dependencies(${all} ${target})
endfunction()

# rg_fuzz(yaml DEPENDS …): tests/fuzz/yaml_fuzz.c; its corpus tests/fuzz/corpus/yaml is replayed by the unit lane through
# tests/fuzz/replay.c, so that a crash found once stays found in every build. All of them: the targets `replays` and `fuzzers`.
function(rg_fuzz name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  set(source ${PROJECT_SOURCE_DIR}/tests/fuzz/${name}_fuzz.c ${ARG_SOURCES})
  add_executable(replay_${name} ${source} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c)
  target_link_libraries(replay_${name} PRIVATE rg_options ${ARG_DEPENDS})
  target_compile_definitions(replay_${name} PRIVATE RG_SOURCE="${PROJECT_SOURCE_DIR}")
  rg_test_target(replay_${name})
  rg_gather(replays replay_${name})
  add_test(NAME unit/fuzz/${name} COMMAND replay_${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
  set_tests_properties(unit/fuzz/${name} PROPERTIES LABELS unit TIMEOUT 300)
  if(RG_FUZZ)
    add_executable(fuzz_${name} ${source})
    target_link_libraries(fuzz_${name} PRIVATE rg_options ${ARG_DEPENDS})
    target_compile_definitions(fuzz_${name} PRIVATE RG_SOURCE="${PROJECT_SOURCE_DIR}")
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    rg_gather(fuzzers fuzz_${name})
  endif()
endfunction()
