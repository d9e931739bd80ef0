// Included once for each instruction set, with LANES 16 or 32: how many bytes a vector has. Defines the vector type and
// the operations by which kernels are written once for both.
#undef V
#undef TARGET
#undef NAME
#undef OP
#undef BROADCAST
#undef XOR
#undef AND
#undef OR
#if LANES == 32
#define V __m256i
#define TARGET AVX2
#define NAME(x) x##_avx2
#define OP(x) _mm256_##x
#define BROADCAST(x) _mm256_broadcastsi128_si256(x)
#define XOR _mm256_xor_si256
#define AND _mm256_and_si256
#define OR _mm256_or_si256
#else
#define V __m128i
#define TARGET SSE41
#define NAME(x) x##_sse41
#define OP(x) _mm_##x
#define BROADCAST(x) (x)
#define XOR _mm_xor_si128
#define AND _mm_and_si128
#define OR _mm_or_si128
#endif

// Red, green and blue of LANES pixels, in order, to 3 * LANES bytes. Each color's bytes are turned once into the order in
// which all three blocks of 16 want them, since the places of one color in the three blocks do not collide.
TARGET INLINE void NAME(store_rgb)(uint8_t *to, V red, V green, V blue) {
  const __m128i red_order = _mm_setr_epi8(0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10, 5);
  const __m128i green_order = _mm_setr_epi8(5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15, 10);
  const __m128i blue_order = _mm_setr_epi8(10, 5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4, 15);
  // Where in the first block the second and the third color go; in the other blocks the roles move on.
  const V second = BROADCAST(_mm_setr_epi8(0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0));
  const V third = BROADCAST(_mm_setr_epi8(0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0));
  const V r = OP(shuffle_epi8)(red, BROADCAST(red_order));
  const V g = OP(shuffle_epi8)(green, BROADCAST(green_order));
  const V b = OP(shuffle_epi8)(blue, BROADCAST(blue_order));
  const V block0 = OP(blendv_epi8)(OP(blendv_epi8)(r, g, second), b, third);
  const V block1 = OP(blendv_epi8)(OP(blendv_epi8)(g, b, second), r, third);
  const V block2 = OP(blendv_epi8)(OP(blendv_epi8)(b, r, second), g, third);
#if LANES == 32
  STORE32(to, _mm256_permute2x128_si256(block0, block1, 0x20));
  STORE32(to + 32, _mm256_permute2x128_si256(block2, block0, 0x30));
  STORE32(to + 64, _mm256_permute2x128_si256(block1, block2, 0x31));
#else
  STORE16(to, block0);
  STORE16(to + 16, block1);
  STORE16(to + 32, block2);
#endif
}
