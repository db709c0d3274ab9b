import { describe } from 'vitest';
import { expandsTo } from './table.js';

describe('ranges', () => {
  expandsTo(String.raw`
n[1-3] | n1 n2 n3
n[1] | n1
n[0] | n0
n[0-2] | n0 n1 n2
n[5-5] | n5
n[1,3] | n1 n3
n[3,1] | n3 n1
n[1-3,7] | n1 n2 n3 n7
n[7,1-3] | n7 n1 n2 n3
n[1-2,4-5,9] | n1 n2 n4 n5 n9
n[1-3,2-4] | n1 n2 n3 n4
n[1,1,1] | n1
n[2,1-3] | n2 n1 n3
n[9-11] | n9 n10 n11
n[99-101] | n99 n100 n101
n[998-1001] | n998 n999 n1000 n1001
n[ 1 - 3 ] | n1 n2 n3
n[1, 3] | n1 n3
n[1 ,3 ] | n1 n3
n[ 1-9 / 4 ] | n1 n5 n9
n[1\t-\t2] | n1 n2
n[9007199254740990-9007199254740991] | n9007199254740990 n9007199254740991
`);
});

describe('brackets in the middle and alone', () => {
  expandsTo(`
web[1-2].example.com | web1.example.com web2.example.com
web[01-02].example.com | web01.example.com web02.example.com
web[1-2]-eu | web1-eu web2-eu
web-[1-2] | web-1 web-2
web[1-2]a | web1a web2a
web[1-2]5 | web15 web25
n1[1-2] | n11 n12
n0[1-2] | n01 n02
n1[01-02] | n101 n102
[1-3] | 1 2 3
[1-2]web | 1web 2web
[01-02] | 01 02
[1-2].example.com | 1.example.com 2.example.com
10.0.0.[1-3] | 10.0.0.1 10.0.0.2 10.0.0.3
10.0.[0-1].1 | 10.0.0.1 10.0.1.1
10.[0-1].0.[1-2] | 10.0.0.1 10.0.0.2 10.1.0.1 10.1.0.2
10.0.0.[1-5/2] | 10.0.0.1 10.0.0.3 10.0.0.5
10.0.0.[254-256] | 10.0.0.254 10.0.0.255 10.0.0.256
`);
});

describe('padding', () => {
  expandsTo(`
node[01-03] | node01 node02 node03
node[08-11] | node08 node09 node10 node11
node[001-003] | node001 node002 node003
node[098-101] | node098 node099 node100 node101
node[00-02] | node00 node01 node02
node[00] | node00
node[000] | node000
node[01] | node01
node[01,02] | node01 node02
node[0-1] | node0 node1
node[10-12] | node10 node11 node12
node[01-10/3] | node01 node04 node07 node10
# mixed padding: each part has its own, as in nodeset 1.9
node[9-10,01] | node9 node10 node01
node[01,1] | node01 node1
node[1-2,01-02] | node1 node2 node01 node02
node[01-02,1-2] | node01 node02 node1 node2
node[1,01,001] | node1 node01 node001
node[099-100,99] | node099 node100 node99
node[099-100,100] | node099 node100
node[08-11,10] | node08 node09 node10 node11
node[0,00] | node0 node00
`);
});

describe('steps', () => {
  expandsTo(`
n[1-9/2] | n1 n3 n5 n7 n9
n[1-10/3] | n1 n4 n7 n10
n[0-10/5] | n0 n5 n10
n[2-8/2] | n2 n4 n6 n8
n[1-3/1] | n1 n2 n3
n[1-3/5] | n1
n[1-5/02] | n1 n3 n5
n[1-5/2,2] | n1 n3 n5 n2
n[1-5/2,2-4/2] | n1 n3 n5 n2 n4
n[1-7/3,20] | n1 n4 n7 n20
n[01-09/4] | n01 n05 n09
n[1-3/9007199254740991] | n1
n[0-9007199254740991/4503599627370496] | n0 n4503599627370496
r[1-3/2]n[1-3/2] | r1n1 r1n3 r3n1 r3n3
`);
});

describe('several dimensions', () => {
  expandsTo(`
r[1-2]n[1-2] | r1n1 r1n2 r2n1 r2n2
r[1-2]n[1-4] | r1n1 r1n2 r1n3 r1n4 r2n1 r2n2 r2n3 r2n4
r[2,1]n[2,1] | r2n2 r2n1 r1n2 r1n1
r[1-2]n[01-02] | r1n01 r1n02 r2n01 r2n02
r[1-2]-n[1-2].dc[1-2] | r1-n1.dc1 r1-n1.dc2 r1-n2.dc1 r1-n2.dc2 r2-n1.dc1 r2-n1.dc2 r2-n2.dc1 r2-n2.dc2
a[1]b[2]c[3] | a1b2c3
[1-2]x[1-2] | 1x1 1x2 2x1 2x2
[1-2].[1-2] | 1.1 1.2 2.1 2.2
# brackets side by side, as in pdsh
n[1-2][3-4] | n13 n14 n23 n24
n[1-2][01-02] | n101 n102 n201 n202
n[1][2][3] | n123
[1-2][1-2] | 11 12 21 22
n[1-2][3-4].eu | n13.eu n14.eu n23.eu n24.eu
n[1,11][1,11] | n11 n111 n1111
n[1,11]1[1,11] | n111 n1111 n11111
n[1-2]5[1-2] | n151 n152 n251 n252
n[1-2]a[1-2] | n1a1 n1a2 n2a1 n2a2
`);
});

describe('unions of ranges', () => {
  expandsTo(`
n[1-2],m[1-2] | n1 n2 m1 m2
n[1-2] m[1-2] | n1 n2 m1 m2
n[1-3],n[2-4] | n1 n2 n3 n4
n[2-3],n1,n[1-4] | n2 n3 n1 n4
n2,n[1-3] | n2 n1 n3
n[1-3],n2 | n1 n2 n3
n[01-02],n[1-2] | n01 n02 n1 n2
n1,n[1] | n1
n[1-2]a,n[1-2]b | n1a n2a n1b n2b
web[1-2].eu,db[1-2] cache1 | web1.eu web2.eu db1 db2 cache1
`);
});
