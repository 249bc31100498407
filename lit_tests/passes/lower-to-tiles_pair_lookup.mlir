// RUN: xdsl-opt -p lower-to-tiles,cse %s | filecheck %s
// RUN: xdsl-opt -p lower-to-tiles,plan-memory,lower-kernels{cores=1},canonicalize,cse %s | filecheck %s --check-prefix=LOOPS

// The table is loaded once, before the loop over tiles. A value of the second input serves all
// pixels of its channel.
func.func @bits(%x: tensor<1x2x2x2xui8, #dsconv.layout<chw>>, %z: tensor<1x2x1x1xui8, #dsconv.layout<chw>>) -> tensor<1x2x2x2xui8, #dsconv.layout<chw>> {
  %bits = dsconv.constant dense<9> : tensor<256x32xui8>
  %y = dsconv.pair_lookup "bits"(%x, %z, %bits) {tile = #dsconv.tile<1, 2, 2, weights>} : (tensor<1x2x2x2xui8, #dsconv.layout<chw>>, tensor<1x2x1x1xui8, #dsconv.layout<chw>>, tensor<256x32xui8>) -> tensor<1x2x2x2xui8, #dsconv.layout<chw>>
  func.return %y : tensor<1x2x2x2xui8, #dsconv.layout<chw>>
}
// CHECK: dsconv.kernel "pair_lookup" @bits_kernel
// CHECK-SAME: {record = #dsconv.record<8192>, shared_record}
// CHECK: dsconv.layer "bits" "pair_lookup"
// CHECK: dsconv.dma_start {{.*}} box <8192> {parameters}
// CHECK: scf.for
// CHECK-NOT: parameters
// CHECK: dsconv.run @bits_kernel
// LOOPS-LABEL: func.func private @bits_kernel
// LOOPS: memref.load %x0[
// LOOPS: [[ROW:%[0-9]+]] = arith.index_cast {{.*}} : i32 to index
// LOOPS: memref.load %x1[
// LOOPS: [[BIT:%[0-9]+]] = arith.index_cast {{.*}} : i32 to index
// LOOPS: arith.muli [[ROW]], {{.*}} : index
// LOOPS: arith.divsi [[BIT]], {{.*}} : index
// LOOPS: memref.load %w[
// LOOPS: arith.shrsi
// LOOPS: arith.andi
// LOOPS: memref.store {{.*}}, %y[
