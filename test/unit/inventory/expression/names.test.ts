import { describe } from 'vitest';
import { expandsTo } from './table.js';

describe('names and unions', () => {
  expandsTo(String.raw`
web1 | web1
web1,db1 | web1 db1
web1 db1 | web1 db1
web1, db1 | web1 db1
web1 ,db1 | web1 db1
web1 , db1 | web1 db1
web1   db1 | web1 db1
web1\tdb1 | web1 db1
web1\ndb1 | web1 db1
web1\n\ndb1\n | web1 db1
 web1 | web1
  web1  | web1
web1,db1 cache1 | web1 db1 cache1
web1,db1,cache1 | web1 db1 cache1
# the order written, repeats dropped
db1,web1 | db1 web1
b,a,b | b a
a,a,a | a
a a,a | a
c,b,a,c,b,a | c b a
n10,n9,n1 | n10 n9 n1
# "-", ".", "_" and digits inside names
web-1 | web-1
web-01-a | web-01-a
my_host | my_host
1 | 1
007 | 007
1web | 1web
a1b2c3 | a1b2c3
web1.example.com | web1.example.com
web1.example.com,db1.example.com | web1.example.com db1.example.com
web1.example.com. | web1.example.com.
localhost | localhost
WEB1 | WEB1
web1,WEB1 | web1 WEB1
10.0.0.1 | 10.0.0.1
10.0.0.1,10.0.0.2 | 10.0.0.1 10.0.0.2
192.168.1.10 192.168.1.9 | 192.168.1.10 192.168.1.9
n1,n01,n001 | n1 n01 n001
n99999999999999999999 | n99999999999999999999
a=b | a=b
a%b | a%b
a+b | a+b
a~b | a~b
a#b | a#b
büro1 | büro1
主机1 | 主机1
x1,x2,x3,x4,x5,x6,x7,x8 | x1 x2 x3 x4 x5 x6 x7 x8
`);
});
