// RUN: xdsl-opt -p lower-to-tiles,cse %s | filecheck %s
// RUN: xdsl-opt -p lower-to-tiles,plan-memory,lower-kernels{cores=1},canonicalize,cse %s | filecheck %s --check-prefix=LOOPS

// One table for all channels is loaded once, before the loop over tiles. In L1 it is in the order of
// the bytes that index it: entries of 0 to 127, then those of -128 to -1.
func.func @shared(%x: tensor<1x2x2x2xsi8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> {
  %tables = dsconv.constant dense<"0x808182838485868788898A8B8C8D8E8F909192939495969798999A9B9C9D9E9FA0A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7B8B9BABBBCBDBEBFC0C1C2C3C4C5C6C7C8C9CACBCCCDCECFD0D1D2D3D4D5D6D7D8D9DADBDCDDDEDFE0E1E2E3E4E5E6E7E8E9EAEBECEDEEEFF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F606162636465666768696A6B6C6D6E6F707172737475767778797A7B7C7D7E7F"> : tensor<1x256xsi8>
  %y = dsconv.lookup "swish"(%x, %tables) {tile = #dsconv.tile<1, 2, 2, weights>} : (tensor<1x2x2x2xsi8, #dsconv.layout<chw>>, tensor<1x256xsi8>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: "memref.global"() <{sym_name = "swish_weights", type = memref<256xi8, #dsconv.space<l2>>, initial_value = dense<"0x000102
// CHECK-SAME: 7E7F8081
// CHECK-SAME: FEFF"> : tensor<256xi8>
// CHECK: dsconv.kernel "lookup" @swish_kernel
// CHECK-SAME: {record = #dsconv.record<256>, shared_record}
// CHECK: dsconv.layer "swish" "lookup"
// CHECK: dsconv.dma_start {{.*}} box <256> {parameters}
// CHECK: scf.for
// CHECK-NOT: parameters
// CHECK: dsconv.run @swish_kernel
// LOOPS-LABEL: func.func private @swish_kernel
// LOOPS: [[BYTE:%[0-9]+]] = memref.load %x[
// LOOPS: [[WIDE:%[0-9]+]] = arith.extui [[BYTE]] : i8 to i32
// LOOPS: [[ENTRY:%[0-9]+]] = arith.index_cast [[WIDE]] : i32 to index
// LOOPS: [[VALUE:%[0-9]+]] = memref.load %w[[[ENTRY]]]
// LOOPS: memref.store [[VALUE]], %y[

// A table for each channel is a channel record of 256 bytes.
func.func @channels(%x: tensor<1x2x2x2xui8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>> {
  %tables = dsconv.constant dense<3> : tensor<2x256xsi8>
  %y = dsconv.lookup "prelu"(%x, %tables) {tile = #dsconv.tile<1, 2, 2, weights>} : (tensor<1x2x2x2xui8, #dsconv.layout<chw>>, tensor<2x256xsi8>) -> tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
  func.return %y : tensor<1x2x2x2xsi8, #dsconv.layout<chw>>
}
// CHECK: dsconv.kernel "lookup" @prelu_kernel
// CHECK-SAME: {record = #dsconv.record<256>}
// CHECK: dsconv.layer "prelu" "lookup"
// CHECK: scf.for
// CHECK: dsconv.dma_start {{.*}} box <256> {parameters} : memref<512xi8
