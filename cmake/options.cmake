# Compiler options of all code of this project, as an interface library that is never installed.
add_library(weir_options INTERFACE)

# Contraction to fused multiply-add is the one value-changing transform that compilers do by
# default; decisions must be the same bits on machines with and without it.
target_compile_options(weir_options INTERFACE -ffp-contract=off)

target_compile_options(
  weir_options
  INTERFACE -Wall
            -Wextra
            -Wpedantic
            -Wconversion
            -Wsign-conversion
            # Clang counts the constants NAN and INFINITY, which are floats.
            $<$<C_COMPILER_ID:GNU>:-Wdouble-promotion>
            -Wshadow
            -Wundef
            -Wvla
            -Wstrict-prototypes
            -Wmissing-prototypes
            -Wold-style-definition
            -Wcast-qual
            -Wcast-align
            -Wwrite-strings
            -Wimplicit-fallthrough
            -Wformat=2)
# Objects of the libraries stay usable for who links them without that optimization.
target_compile_options(
  weir_options INTERFACE $<$<AND:$<C_COMPILER_ID:GNU>,$<CONFIG:Release>>:-ffat-lto-objects>)
if(WEIR_WERROR)
  target_compile_options(weir_options INTERFACE -Werror)
endif()
if(WEIR_SANITIZE)
  target_compile_options(weir_options INTERFACE -fsanitize=${WEIR_SANITIZE} -fno-sanitize-recover=all
                                                -fno-omit-frame-pointer)
  target_link_options(weir_options INTERFACE -fsanitize=${WEIR_SANITIZE})
endif()
